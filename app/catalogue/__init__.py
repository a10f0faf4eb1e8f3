"""The catalogue of datasets: every file that was brought in, where its bytes lie, and what became of its rows."""
