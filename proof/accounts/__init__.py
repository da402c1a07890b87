"""Independent accounts of a simulated call, held against the core's record.

They read nothing but what the core was told, what it did, and what the simulated world knows (which words left the loudspeaker): no part of
the core computes any of it. `reading.contradiction` reads a whole conversation; each module looks after one side of the truth.
"""
