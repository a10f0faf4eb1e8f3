"""The catalogue of datasets: every uploaded file, where its bytes are stored, and the outcome of its rows."""
