"""The run from start to end: opens everything in one place, runs the loop's threads, and closes all in order.

From outside, only run_live.py, train.offline and the scripts use it.
"""
