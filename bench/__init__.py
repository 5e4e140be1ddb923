"""What must stay fast: CPU per operation, beside its floor or peer, measured in one run.

Never a test: machines are shared and noisy. `make bench` prints it all, `python -m bench sockets`
one part. Figures that we stand by are in `docs/performance.md`.
"""
