"""Extensions: short names under which agents are called."""
