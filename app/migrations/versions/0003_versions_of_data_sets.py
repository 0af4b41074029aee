"""Data sets that come in versions, are read as a person chose, and are shared; runs that say which version they used

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('datasets', schema=None) as batch_op:
        batch_op.add_column(sa.Column('series_id', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('version', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('description', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('is_shared', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('packing', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('is_profiled', sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column('choices', sa.JSON(), nullable=False, server_default='{}'))
        batch_op.add_column(sa.Column('reading', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('content_hash', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('disk_bytes', sa.BigInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('unreadable_rows', sa.Integer(), nullable=False, server_default='0'))
    # Every data set that is there is the first version of a series of its own.
    op.execute('UPDATE datasets SET series_id = id')
    with op.batch_alter_table('datasets', schema=None) as batch_op:
        batch_op.create_unique_constraint('uq_datasets_series_version', ['series_id', 'version'])
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('dataset_version', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('dataset_reading', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('dataset_hash', sa.String(), nullable=False, server_default=''))


def downgrade() -> None:
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_column('dataset_hash')
        batch_op.drop_column('dataset_reading')
        batch_op.drop_column('dataset_version')
    with op.batch_alter_table('datasets', schema=None) as batch_op:
        batch_op.drop_constraint('uq_datasets_series_version', type_='unique')
        for name in ('unreadable_rows', 'disk_bytes', 'content_hash', 'reading', 'choices', 'is_profiled', 'packing', 'is_shared', 'description', 'version', 'series_id'):
            batch_op.drop_column(name)
