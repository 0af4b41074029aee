"""Reading: a raw upload enters, a clean columnar table and its profile leave."""
