"""Jobs that pause, resume and wait in an order; attempts that go on where another ended

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

import app.records

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('begins_with', sa.String(), nullable=False, server_default='START'))
        batch_op.add_column(sa.Column('priority', sa.Integer(), nullable=False, server_default='0'))
        # What waits already keeps its order: nothing that comes later can have a lower rank than zero.
        batch_op.add_column(sa.Column('queue_rank', sa.Float(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('device', sa.String(), nullable=False, server_default='cpu'))
        batch_op.add_column(sa.Column('pause_requested', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('is_silent', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('last_event', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('last_event_at', app.records.UtcDateTime(), nullable=True))
        batch_op.drop_index('ix_jobs_queue')
        batch_op.create_index('ix_jobs_queue', ['status', 'queue_rank'], unique=False)
    with op.batch_alter_table('attempts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('begins_with', sa.String(), nullable=False, server_default='START'))
        batch_op.add_column(sa.Column('first_event', sa.Integer(), nullable=False, server_default='1'))


def downgrade() -> None:
    with op.batch_alter_table('attempts', schema=None) as batch_op:
        batch_op.drop_column('first_event')
        batch_op.drop_column('begins_with')
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_index('ix_jobs_queue')
        batch_op.create_index('ix_jobs_queue', ['status', 'created_at'], unique=False)
        batch_op.drop_column('last_event_at')
        batch_op.drop_column('last_event')
        batch_op.drop_column('is_silent')
        batch_op.drop_column('pause_requested')
        batch_op.drop_column('device')
        batch_op.drop_column('queue_rank')
        batch_op.drop_column('priority')
        batch_op.drop_column('begins_with')
