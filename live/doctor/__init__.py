"""The doctor: checks this machine and prints a line for each thing, with what to do if it is not well.

`python -m live.doctor`, or `run_live.py --doctor`. Each exam runs in its own process, so that none can stop the others.
"""
