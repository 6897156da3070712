"""`make bench`: every figure a page quotes, side by side with the limit or a peer in the same run.

Machines are shared and noisy, so what counts is the ratio, measured in interleaved rounds.
"""
