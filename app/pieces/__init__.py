"""A large job in pieces: one after the other in the process of the job, or spread over the workers of a cluster."""
