"""How the files of a corpus are read, as whoever imports it says."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add what was asked for; nothing was of those imported before."""
    op.add_column("corpora", sa.Column("options", JSON, nullable=True))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("corpora", "options")
