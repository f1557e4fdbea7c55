"""One file for each thing that the doctor looks at; `findings()` in each. They know nothing of one another."""
