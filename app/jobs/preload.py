"""What the fork server imports before all else: what is imported after it comes without pandas."""

from app.files.without_pandas import keep_pandas_out

keep_pandas_out()
