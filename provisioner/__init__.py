"""Idempotent boto3 provisioning: one `ensure_*` per AWS resource kind."""
