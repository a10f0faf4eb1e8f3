"""HTTP only: requests become calls, results become JSON."""
