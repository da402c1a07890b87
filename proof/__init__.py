"""The prover of the conversation core and of the call runtime: random worlds, judges, golden traces, error rates."""
