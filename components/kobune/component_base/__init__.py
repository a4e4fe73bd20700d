"""How a component starts, serves, fails and stops: what all of them share."""

import os

# gRPC's library tells stderr of every peer that goes. It reads this when it is imported, so it has to be set here.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
