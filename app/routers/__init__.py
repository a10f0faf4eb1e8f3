"""HTTP only: what comes in becomes a call, what comes out becomes JSON."""
