"""Corpora, datasets, and jobs that are shards of a larger one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add corpora, datasets and shards."""

    op.create_table(
        "corpora",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("layout", sa.String(length=16), nullable=False),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column("consent", sa.Text(), nullable=True),
        sa.Column("archive_sha256", sa.String(length=64), nullable=True),
        sa.Column(
            "summary", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column(
            "skipped", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column("registered", sa.Integer(), nullable=False),
        sa.Column("labels_sha256", sa.String(length=64), nullable=True),
        sa.Column("index_sha256", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["owners.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id"),
    )
    with op.batch_alter_table("corpora", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_corpora_archive_sha256"), ["archive_sha256"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_corpora_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_corpora_index_sha256"), ["index_sha256"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_corpora_labels_sha256"), ["labels_sha256"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_corpora_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "shards",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("stop", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column(
            "result", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
        ),
        sa.PrimaryKeyConstraint("job_id"),
    )
    with op.batch_alter_table("shards", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shards_resource_id"), ["resource_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_shards_sha256"), ["sha256"], unique=False)

    op.create_table(
        "corpus_packs",
        sa.Column("corpus_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["corpus_id"],
            ["corpora.id"],
        ),
        sa.PrimaryKeyConstraint("corpus_id", "number"),
    )
    with op.batch_alter_table("corpus_packs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_corpus_packs_sha256"), ["sha256"], unique=False)

    op.create_table(
        "datasets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("corpus_id", sa.Uuid(), nullable=True),
        sa.Column(
            "image_ids", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column("spec", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column(
            "balance", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column(
            "notes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column(
            "pixel_check", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column("archive_sha256", sa.String(length=64), nullable=True),
        sa.Column("archive_size", sa.BigInteger(), nullable=True),
        sa.Column("preview_sha256", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["corpus_id"],
            ["corpora.id"],
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["owners.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id"),
        sa.UniqueConstraint("owner_id", "address"),
    )
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_datasets_archive_sha256"), ["archive_sha256"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_datasets_corpus_id"), ["corpus_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_datasets_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_datasets_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_datasets_preview_sha256"), ["preview_sha256"], unique=False
        )

    # No batch here: SQLite would copy the table, and rows that refer to it forbid that.
    op.add_column("jobs", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.create_index("ix_jobs_parent_id", "jobs", ["parent_id"], unique=False)


def downgrade() -> None:
    """Undo `upgrade`."""

    op.drop_index("ix_jobs_parent_id", table_name="jobs")
    op.drop_column("jobs", "parent_id")
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_datasets_preview_sha256"))
        batch_op.drop_index(batch_op.f("ix_datasets_owner_id"))
        batch_op.drop_index(batch_op.f("ix_datasets_expires_at"))
        batch_op.drop_index(batch_op.f("ix_datasets_corpus_id"))
        batch_op.drop_index(batch_op.f("ix_datasets_archive_sha256"))

    op.drop_table("datasets")
    with op.batch_alter_table("corpus_packs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_corpus_packs_sha256"))

    op.drop_table("corpus_packs")
    with op.batch_alter_table("shards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shards_sha256"))
        batch_op.drop_index(batch_op.f("ix_shards_resource_id"))

    op.drop_table("shards")
    with op.batch_alter_table("corpora", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_corpora_owner_id"))
        batch_op.drop_index(batch_op.f("ix_corpora_labels_sha256"))
        batch_op.drop_index(batch_op.f("ix_corpora_index_sha256"))
        batch_op.drop_index(batch_op.f("ix_corpora_expires_at"))
        batch_op.drop_index(batch_op.f("ix_corpora_archive_sha256"))

    op.drop_table("corpora")
