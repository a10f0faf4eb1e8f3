"""The job engine: records, queue, worker and process of background work, whoever it is for."""
