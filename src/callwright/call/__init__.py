"""The runtime of calls: admission, worker, runner, hearing, thinking, speaking, recording, post-call work."""
