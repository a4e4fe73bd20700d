"""Devices that pods claim: what there is, what is taken, and which devices a claim gets.

`Inventory` follows the slices and claims of a snapshot; `allocate` is a pure search in it; `allocation_of` writes down
what was found. Source: *Dynamic Resource Allocation*, KEP-4381, at the level of structured parameters.
"""
