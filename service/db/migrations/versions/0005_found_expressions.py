"""What was found in a photo before it was drawn on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add what items were found to show; not known of those drawn before."""
    op.add_column("expression_items", sa.Column("found", JSON, nullable=True))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("expression_items", "found")
