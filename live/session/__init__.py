"""The run from its first line to its last: opened in one place, the loop with its threads and slots, closed in order.

Only run_live.py, train.offline and the scripts come in from outside.
"""
