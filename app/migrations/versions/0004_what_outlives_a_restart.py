"""What is asked of a reading stays known until it is done, and which upload a data set was made of

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('datasets', schema=None) as batch_op:
        batch_op.add_column(sa.Column('asked_choices', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('upload_id', sa.String(), nullable=True))
        batch_op.create_index('ix_datasets_upload_id', ['upload_id'])


def downgrade() -> None:
    with op.batch_alter_table('datasets', schema=None) as batch_op:
        batch_op.drop_index('ix_datasets_upload_id')
        batch_op.drop_column('upload_id')
        batch_op.drop_column('asked_choices')
