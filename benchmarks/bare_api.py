"""What a poll costs without Openhours: the smallest FastAPI application that reads a hash with redis-py.

python -m benchmarks.bare_api REDIS_URL PORT
"""

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from redis import Redis

app = FastAPI()
redis: Redis


@app.get("/get_report")
def get_report(report_id: str) -> dict[str, Any]:
    """The hash of a report."""
    found: Any = redis.hgetall(f"openhours:report:{report_id}")
    return {"status": "Running", "stage": found["stage"], "progress": float(found["progress"])}


if __name__ == "__main__":
    redis = Redis.from_url(sys.argv[1], decode_responses=True)
    uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
