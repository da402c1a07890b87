"""Nine judges of a whole conversation.

Each states a rule that a person can state without knowing the core, and reads nothing but events, effects and what the simulated world
knows. None calls a function of the core or takes a constant from it.
"""
