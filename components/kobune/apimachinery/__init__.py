"""What an object is: kinds, metadata, the JSON codec, selectors, quantities, patches, errors, the clock. Pure."""
