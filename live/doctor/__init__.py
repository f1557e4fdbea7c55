"""The doctor: looks at this machine and says, one line for each thing, what is well and what to do about the rest.

`python -m live.doctor`, or `run_live.py --doctor`. Each exam runs in a process of its own: none can
stop the others.
"""
