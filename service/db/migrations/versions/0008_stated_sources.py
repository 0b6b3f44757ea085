"""What photos show, as a request said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add what a request said its images show; of earlier ones it was read."""
    op.add_column("expression_sets", sa.Column("sources", JSON, nullable=True))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("expression_sets", "sources")
