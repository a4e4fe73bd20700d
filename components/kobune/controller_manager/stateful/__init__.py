"""What the pods of a StatefulSet are called, in which order they come and go, and what its status says of them."""
