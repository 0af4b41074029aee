"""The token of one attempt: what a worker that shares no disk shows when it reports, good for that attempt alone."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

SALT = "attempt"


class AttemptTokens:
    """Signs and reads them; they die with their attempt, which is looked up where they are used."""

    def __init__(self, secret: str) -> None:
        self._signer = URLSafeSerializer(secret, salt=SALT)

    def issue(self, job_id: str, attempt: int) -> str:
        return str(self._signer.dumps([job_id, attempt]))

    def read(self, token: str) -> tuple[str, int] | None:
        """The job's id and the attempt's number; None for anything that we did not sign for this purpose."""
        try:
            job_id, attempt = self._signer.loads(token)
        except (BadSignature, TypeError, ValueError):
            return None
        return str(job_id), int(attempt)
