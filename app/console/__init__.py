"""Pages for people in a browser. A page shows what routes of the API answer; it asks nothing and nobody else."""
