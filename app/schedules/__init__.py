"""Schedules: reports and syncs that begin by themselves, each instant exactly once."""
