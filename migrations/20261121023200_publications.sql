-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One publication of a publisher: a list of products that it shows, such as an article.
CREATE TABLE publication (
    id TEXT PRIMARY KEY,
    publisher_id TEXT NOT NULL,
    ad_server_id TEXT,
    program_id TEXT,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    url TEXT,
    status TEXT NOT NULL,
    published_at TIMESTAMPTZ,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by TEXT NOT NULL
);
COMMENT ON TABLE publication IS 'One publication of a publisher: a list of products that it shows, such as an article.';
COMMENT ON COLUMN publication.status IS 'draft, published or archived; only a published one is public.';
COMMENT ON COLUMN publication.published_at IS 'When it was published first; NULL while it never was.';
COMMENT ON COLUMN publication.version IS 'Grows by one with every change of the publication or of its items.';
CREATE INDEX publication_publisher_id ON publication (publisher_id, created_at, id);
CREATE INDEX publication_published ON publication (id) WHERE status = 'published';

-- One product in one publication; kept when it leaves the list, for clicks and commissions name it.
CREATE TABLE publication_item (
    id TEXT PRIMARY KEY,
    publication_id TEXT NOT NULL,
    product_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    note TEXT NOT NULL,
    is_active BOOLEAN NOT NULL
);
COMMENT ON TABLE publication_item IS 'One product in one publication; kept when it leaves the list, for clicks and commissions name it.';
COMMENT ON COLUMN publication_item.id IS 'Derived from publication and product.';
COMMENT ON COLUMN publication_item.is_active IS 'False once the product has left the list.';
CREATE INDEX publication_item_publication_id ON publication_item (publication_id, position);
CREATE INDEX publication_item_product_id ON publication_item (product_id);

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE publication_item;
DROP TABLE publication;
