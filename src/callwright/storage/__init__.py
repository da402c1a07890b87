"""PostgreSQL: the ledger, its migrations, the embedded server and the job queue."""
