"""Jobs of the scheduler, and what they did."""

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models.base import Base, Identifier, Moment, has_default


class Job(Base):
    """How far a job has come."""

    __tablename__ = "job"

    name: Mapped[str] = mapped_column(primary_key=True)
    done_until: Mapped[Moment]
    enabled: Mapped[bool] = has_default()


class JobRun(Base):
    """A job that did something, or failed."""

    __tablename__ = "job_run"
    __table_args__ = (Index("job_run_job", "job", "id"), Index("job_run_started_at", "started_at"))

    id: Mapped[Identifier]
    job: Mapped[str]
    ran_for: Mapped[Moment]
    started_at: Mapped[Moment]
    ended_at: Mapped[Moment]
    node: Mapped[str]
    operator: Mapped[str] = has_default()
    outcome: Mapped[str]
    counts: Mapped[dict[str, int]] = has_default(JSONB)
    error: Mapped[str | None]
