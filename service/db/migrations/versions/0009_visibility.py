"""What is seen of the faces that were drawn on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add quality and warnings of items; not known of those drawn before."""
    op.add_column("expression_items", sa.Column("visibility", JSON, nullable=True))


def downgrade() -> None:
    """Forget them."""
    op.drop_column("expression_items", "visibility")
