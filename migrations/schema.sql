\restrict dbmate


SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: active_period; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.active_period (
    id text NOT NULL,
    owner_id text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);


--
-- Name: TABLE active_period; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.active_period IS 'One while in which a publisher or a program was active: orders placed in it can be attributed.';


--
-- Name: COLUMN active_period.owner_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.active_period.owner_id IS 'The publisher or the program.';


--
-- Name: COLUMN active_period.ended_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.active_period.ended_at IS 'When it was suspended or ended, which is no longer part of it; NULL while it is active.';


--
-- Name: ad_server; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ad_server (
    id text NOT NULL,
    publisher_id text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    url text,
    status text NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by text NOT NULL
);


--
-- Name: TABLE ad_server; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.ad_server IS 'One place that delivers the publications of a publisher, such as a site or a newsletter system.';


--
-- Name: api_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.api_key (
    id text NOT NULL,
    publisher_id text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    origins text[] NOT NULL,
    secret_sha256 text NOT NULL,
    expires_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by text
);


--
-- Name: TABLE api_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.api_key IS 'One API key of a publisher; its secret was shown once and is kept as a digest.';


--
-- Name: COLUMN api_key.kind; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.api_key.kind IS 'secret for servers, publishable for pages that anybody can read.';


--
-- Name: COLUMN api_key.origins; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.api_key.origins IS 'Where a publishable key may be used from.';


--
-- Name: api_usage; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.api_usage (
    id text NOT NULL,
    window_started_at timestamp with time zone NOT NULL,
    used bigint NOT NULL
);


--
-- Name: TABLE api_usage; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.api_usage IS 'The requests that one API key or OAuth client made in its present minute.';


--
-- Name: COLUMN api_usage.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.api_usage.id IS 'The id of the key or client.';


--
-- Name: commission; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.commission (
    id text NOT NULL,
    conversion_id text NOT NULL,
    order_id text NOT NULL,
    transaction_id text NOT NULL,
    publisher_id text NOT NULL,
    program_id text NOT NULL,
    currency text NOT NULL,
    captured_minor bigint NOT NULL,
    amount_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    status text NOT NULL,
    earned_at timestamp with time zone NOT NULL,
    approvable_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by text NOT NULL
);


--
-- Name: TABLE commission; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.commission IS 'What one capture of an attributed order earns its publisher, less what refunds took back.';


--
-- Name: COLUMN commission.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.commission.id IS 'Derived from the payment transaction: one per capture.';


--
-- Name: COLUMN commission.amount_minor; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.commission.amount_minor IS 'The sum of its facts in the ledger, in minor units of the presentment currency.';


--
-- Name: COLUMN commission.paid_minor; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.commission.paid_minor IS 'What payouts that are not void have settled of it; a refund after that makes the difference negative.';


--
-- Name: COLUMN commission.status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.commission.status IS 'pending, disputed, approved, paid or reversed; paid while an invoice that is not void names it.';


--
-- Name: commission_dispute; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.commission_dispute (
    id text NOT NULL,
    commission_id text NOT NULL,
    publisher_id text NOT NULL,
    raised_by_kind text NOT NULL,
    raised_by text NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    resolution text,
    resolved_by text,
    resolved_at timestamp with time zone,
    note text
);


--
-- Name: TABLE commission_dispute; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.commission_dispute IS 'One objection to a commission, by staff or by its publisher.';


--
-- Name: COLUMN commission_dispute.raised_by_kind; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.commission_dispute.raised_by_kind IS 'staff or publisher.';


--
-- Name: COLUMN commission_dispute.resolution; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.commission_dispute.resolution IS 'What became of the commission: reversed took it back for good, kept left it to be approved; NULL while it is open.';


--
-- Name: conversion; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.conversion (
    id text NOT NULL,
    order_id text NOT NULL,
    kind text NOT NULL,
    publisher_id text NOT NULL,
    program_id text NOT NULL,
    publication_id text,
    item_id text,
    product_id text,
    click_id text,
    clicked_at timestamp with time zone,
    discount_code text,
    assignment_id text,
    window_days bigint NOT NULL,
    hold_days bigint NOT NULL,
    rate_id text,
    basis_points bigint NOT NULL,
    ordered_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    earns_nothing_because text
);


--
-- Name: TABLE conversion; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.conversion IS 'One order that is attributed to a publisher, with the facts that it rests on; never changed.';


--
-- Name: COLUMN conversion.kind; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.conversion.kind IS 'click or discount_code.';


--
-- Name: COLUMN conversion.rate_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.conversion.rate_id IS 'The rate that was in force when the order was placed; NULL if it earns nothing.';


--
-- Name: COLUMN conversion.basis_points; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.conversion.basis_points IS 'Of that rate: later rates change nothing of this order.';


--
-- Name: COLUMN conversion.earns_nothing_because; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.conversion.earns_nothing_because IS 'no_rate: none was in force; own_order: the publisher bought it itself; NULL if it earns.';


--
-- Name: customer; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.customer (
    id text NOT NULL,
    first_seen_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE customer; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.customer IS 'One customer that an order named: the id and nothing personal.';


--
-- Name: COLUMN customer.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.customer.id IS 'Derived from the gid that Shopify gave the customer.';


--
-- Name: discount_code_assignment; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.discount_code_assignment (
    id text NOT NULL,
    code text NOT NULL,
    publisher_id text NOT NULL,
    program_id text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    ended_at timestamp with time zone,
    ended_by text
);


--
-- Name: TABLE discount_code_assignment; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.discount_code_assignment IS 'One discount code that stands for a publisher in a program, from an instant on.';


--
-- Name: COLUMN discount_code_assignment.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.discount_code_assignment.created_at IS 'Orders from this instant on count.';


--
-- Name: COLUMN discount_code_assignment.ended_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.discount_code_assignment.ended_at IS 'Orders from this instant on no longer count; NULL while it stands.';


--
-- Name: fulfillment; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.fulfillment (
    id text NOT NULL,
    shopify_gid text NOT NULL,
    order_id text NOT NULL,
    name text,
    status text NOT NULL,
    display_status text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone,
    in_transit_at timestamp with time zone,
    estimated_delivery_at timestamp with time zone,
    total_quantity bigint NOT NULL,
    service text,
    tracking jsonb NOT NULL,
    written_by text NOT NULL
);


--
-- Name: TABLE fulfillment; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.fulfillment IS 'One shipment of an order.';


--
-- Name: fulfillment_daily_summary; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.fulfillment_daily_summary (
    id text NOT NULL,
    day date NOT NULL,
    total_count bigint NOT NULL,
    success_count bigint NOT NULL,
    failure_count bigint NOT NULL,
    computed_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE fulfillment_daily_summary; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.fulfillment_daily_summary IS 'The fulfillments created on one day of the shop''s time zone, counted by outcome.';


--
-- Name: COLUMN fulfillment_daily_summary.success_count; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.fulfillment_daily_summary.success_count IS 'Status SUCCESS.';


--
-- Name: COLUMN fulfillment_daily_summary.failure_count; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.fulfillment_daily_summary.failure_count IS 'Status CANCELLED, ERROR or FAILURE.';


--
-- Name: fulfillment_line; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.fulfillment_line (
    id text NOT NULL,
    order_id text NOT NULL,
    fulfillment_id text NOT NULL,
    order_line_id text NOT NULL,
    quantity bigint NOT NULL,
    written_by text NOT NULL
);


--
-- Name: TABLE fulfillment_line; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.fulfillment_line IS 'How many units of one order line one fulfillment ships.';


--
-- Name: idempotent_request; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.idempotent_request (
    id text NOT NULL,
    principal text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    key text NOT NULL,
    request_sha256 text NOT NULL,
    attempt text,
    status integer,
    headers jsonb,
    body text,
    created_at timestamp with time zone NOT NULL,
    held_until timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    first_seen_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE idempotent_request; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.idempotent_request IS 'One POST that came with an Idempotency-Key, and its answer once there is one; kept for a day.';


--
-- Name: COLUMN idempotent_request.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.idempotent_request.id IS 'Derived from principal, method, path and key.';


--
-- Name: COLUMN idempotent_request.attempt; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.idempotent_request.attempt IS 'Who works on it: an attempt that was taken over writes no answer any more. Null once it was given back.';


--
-- Name: COLUMN idempotent_request.status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.idempotent_request.status IS 'Null while it is worked on.';


--
-- Name: COLUMN idempotent_request.held_until; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.idempotent_request.held_until IS 'When an attempt without an answer counts as lost.';


--
-- Name: COLUMN idempotent_request.first_seen_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.idempotent_request.first_seen_at IS 'When the key was new; attempts that follow leave it.';


--
-- Name: invoice; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.invoice (
    id text NOT NULL,
    payout_id text NOT NULL,
    publisher_id text NOT NULL,
    number bigint NOT NULL,
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    status text DEFAULT 'issued'::text NOT NULL,
    voided_at timestamp with time zone
);


--
-- Name: TABLE invoice; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.invoice IS 'The self-billing invoice of one payout, numbered without gaps for each publisher.';


--
-- Name: COLUMN invoice.status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invoice.status IS 'issued, or void with its payout; the number stays taken.';


--
-- Name: invoice_line; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.invoice_line (
    id text NOT NULL,
    invoice_id text NOT NULL,
    commission_id text NOT NULL,
    order_id text NOT NULL,
    amount_minor bigint NOT NULL
);


--
-- Name: TABLE invoice_line; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.invoice_line IS 'What one invoice pays of one commission; negative where a refund came after an earlier payout.';


--
-- Name: ledger_account; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledger_account (
    id text NOT NULL,
    owner_id text NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL
);


--
-- Name: TABLE ledger_account; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.ledger_account IS 'One account of the merchant or of a publisher in one currency.';


--
-- Name: COLUMN ledger_account.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_account.id IS 'Derived from owner, kind and currency.';


--
-- Name: COLUMN ledger_account.owner_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_account.owner_id IS 'The publisher, or the word merchant.';


--
-- Name: COLUMN ledger_account.kind; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_account.kind IS 'commission_expense and payout_clearing of the merchant; pending and approved of a publisher.';


--
-- Name: ledger_entry; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledger_entry (
    id text NOT NULL,
    transaction_id text NOT NULL,
    account_id text NOT NULL,
    amount_minor bigint NOT NULL,
    booked_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE ledger_entry; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.ledger_entry IS 'One side of a movement: a debit is positive, a credit negative; appended, never changed.';


--
-- Name: ledger_transaction; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledger_transaction (
    id text NOT NULL,
    kind text NOT NULL,
    publisher_id text NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    commission_id text,
    payout_id text,
    fact_kind text,
    fact_id text,
    fact_minor bigint,
    occurred_at timestamp with time zone NOT NULL,
    booked_at timestamp with time zone NOT NULL,
    booked_by text NOT NULL
);


--
-- Name: TABLE ledger_transaction; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.ledger_transaction IS 'One balanced movement between two accounts; appended, never changed.';


--
-- Name: COLUMN ledger_transaction.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_transaction.id IS 'Derived from what it books, so that booking it again is no second one.';


--
-- Name: COLUMN ledger_transaction.kind; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_transaction.kind IS 'accrual, reversal, correction, approval, suspension, rejection, payout or void.';


--
-- Name: COLUMN ledger_transaction.amount_minor; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_transaction.amount_minor IS 'What is moved; of a fact negative where it takes back from the publisher.';


--
-- Name: COLUMN ledger_transaction.fact_kind; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_transaction.fact_kind IS 'capture or refund, where it books a fact of an order.';


--
-- Name: COLUMN ledger_transaction.fact_minor; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_transaction.fact_minor IS 'The money of the fact when it was booked.';


--
-- Name: link_product_macrodata_artifact; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.link_product_macrodata_artifact (
    id text NOT NULL,
    product_id text NOT NULL,
    artifact_id text NOT NULL,
    role text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL
);


--
-- Name: TABLE link_product_macrodata_artifact; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.link_product_macrodata_artifact IS 'One artifact that belongs to one product, such as its design asset.';


--
-- Name: COLUMN link_product_macrodata_artifact.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.link_product_macrodata_artifact.id IS 'Derived from product, artifact and role.';


--
-- Name: link_product_tag; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.link_product_tag (
    id text NOT NULL,
    product_id text NOT NULL,
    tag_id text NOT NULL
);


--
-- Name: TABLE link_product_tag; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.link_product_tag IS 'One tag that one product carries.';


--
-- Name: COLUMN link_product_tag.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.link_product_tag.id IS 'Derived from product and tag.';


--
-- Name: macrodata_artifact; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.macrodata_artifact (
    id text NOT NULL,
    kind text NOT NULL,
    name text,
    status text DEFAULT 'active'::text NOT NULL,
    payload jsonb NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by text NOT NULL
);


--
-- Name: TABLE macrodata_artifact; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.macrodata_artifact IS 'One artifact of any kind (design asset, export, report, specification ...): its payload and who wrote it.';


--
-- Name: COLUMN macrodata_artifact.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.macrodata_artifact.name IS 'What tells artifacts of one kind apart, where the kind has such a key; unique within the kind.';


--
-- Name: COLUMN macrodata_artifact.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.macrodata_artifact.version IS 'Grows by one with every change: the ETag, and the guard of concurrent edits.';


--
-- Name: macrodata_catalog; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.macrodata_catalog (
    id text NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    payload_version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE macrodata_catalog; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.macrodata_catalog IS 'One kind of artifact that the registry knows, with the version of its payload''s shape.';


--
-- Name: oauth_client; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.oauth_client (
    id text NOT NULL,
    publisher_id text NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    secret_sha256 text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by text
);


--
-- Name: TABLE oauth_client; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.oauth_client IS 'One OAuth client of a publisher, which trades its secret for short-lived tokens.';


--
-- Name: oauth_token; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.oauth_token (
    id text NOT NULL,
    client_id text NOT NULL,
    scopes text[] NOT NULL,
    secret_sha256 text NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE oauth_token; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.oauth_token IS 'One access token that an OAuth client was given; removed some time after its end.';


--
-- Name: order_address; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_address (
    id text NOT NULL,
    order_id text NOT NULL,
    kind text NOT NULL,
    first_name text,
    last_name text,
    company text,
    address1 text,
    address2 text,
    city text,
    province text,
    province_code text,
    country text,
    country_code text,
    zip text,
    phone text,
    written_by text NOT NULL
);


--
-- Name: TABLE order_address; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_address IS 'One billing or shipping address of an order: personal data, erased on request.';


--
-- Name: order_header; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_header (
    id text NOT NULL,
    shopify_gid text NOT NULL,
    name text NOT NULL,
    number bigint NOT NULL,
    confirmation_number text,
    customer_id text,
    email_hash text,
    created_at timestamp with time zone NOT NULL,
    processed_at timestamp with time zone NOT NULL,
    shopify_updated_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    cancelled_at timestamp with time zone,
    cancel_reason text,
    is_test boolean NOT NULL,
    is_edited boolean,
    currency text NOT NULL,
    presentment_currency text NOT NULL,
    taxes_included boolean NOT NULL,
    financial_status text,
    fulfillment_status text,
    return_status text,
    source_name text,
    po_number text,
    note text,
    customer_locale text,
    landing_site text,
    referring_site text,
    tags jsonb NOT NULL,
    discount_codes jsonb NOT NULL,
    custom_attributes jsonb NOT NULL,
    payment_gateways jsonb NOT NULL,
    written_by text NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    stream_pending_version bigint,
    deleted_at timestamp with time zone
);


--
-- Name: TABLE order_header; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_header IS 'One Shopify order: who, when and in which state; the root that every write of the order locks.';


--
-- Name: COLUMN order_header.written_by; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_header.written_by IS 'The bulk run or webhook delivery that wrote the order last; only it may write children and emit events.';


--
-- Name: COLUMN order_header.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_header.version IS 'Grows by one with every write of the order.';


--
-- Name: COLUMN order_header.stream_pending_version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_header.stream_pending_version IS 'The version whose events are not yet streamed; NULL once they are.';


--
-- Name: COLUMN order_header.deleted_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_header.deleted_at IS 'When Shopify reported the deletion; NULL while the order exists.';


--
-- Name: order_line_item; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_line_item (
    id text NOT NULL,
    shopify_gid text NOT NULL,
    order_id text NOT NULL,
    product_id text,
    variant_id text,
    sku text,
    name text NOT NULL,
    title text NOT NULL,
    variant_title text,
    vendor text,
    quantity bigint NOT NULL,
    current_quantity bigint NOT NULL,
    is_gift_card boolean NOT NULL,
    is_taxable boolean NOT NULL,
    requires_shipping boolean NOT NULL,
    unit_price numeric(19,4) NOT NULL,
    discount_total numeric(19,4) NOT NULL,
    tax_total numeric(19,4) NOT NULL,
    presentment_unit_price numeric(19,4) NOT NULL,
    presentment_discount_total numeric(19,4) NOT NULL,
    presentment_tax_total numeric(19,4) NOT NULL,
    custom_attributes jsonb NOT NULL,
    added_at timestamp with time zone,
    written_by text NOT NULL
);


--
-- Name: TABLE order_line_item; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_line_item IS 'One line of an order: what was bought, how many and at which price.';


--
-- Name: COLUMN order_line_item.product_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_line_item.product_id IS 'NULL for custom lines and products that were deleted before the order was read.';


--
-- Name: COLUMN order_line_item.added_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_line_item.added_at IS 'When an edit added the line; NULL for lines of the original order.';


--
-- Name: order_mark; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_mark (
    order_id text NOT NULL,
    deleted_at timestamp with time zone,
    redacted_at timestamp with time zone
);


--
-- Name: TABLE order_mark; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_mark IS 'What stays true of one order whatever is written of it later: that it was deleted, or redacted.';


--
-- Name: order_refund; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_refund (
    id text NOT NULL,
    shopify_gid text NOT NULL,
    order_id text NOT NULL,
    return_id text,
    created_at timestamp with time zone NOT NULL,
    processed_at timestamp with time zone NOT NULL,
    total_refunded numeric(19,4) NOT NULL,
    presentment_total_refunded numeric(19,4) NOT NULL,
    note text,
    written_by text NOT NULL
);


--
-- Name: TABLE order_refund; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_refund IS 'One refund of an order, with or without money.';


--
-- Name: order_refund_line; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_refund_line (
    id text NOT NULL,
    order_id text NOT NULL,
    refund_id text NOT NULL,
    order_line_id text NOT NULL,
    quantity bigint NOT NULL,
    amount numeric(19,4) NOT NULL,
    tax numeric(19,4) NOT NULL,
    presentment_amount numeric(19,4) NOT NULL,
    presentment_tax numeric(19,4) NOT NULL,
    written_by text NOT NULL
);


--
-- Name: TABLE order_refund_line; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_refund_line IS 'What one refund gives back of one order line.';


--
-- Name: order_return; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_return (
    id text NOT NULL,
    shopify_gid text NOT NULL,
    order_id text NOT NULL,
    name text,
    status text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    total_quantity bigint NOT NULL,
    written_by text NOT NULL
);


--
-- Name: TABLE order_return; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_return IS 'One return of an order, from the request on.';


--
-- Name: order_return_line; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_return_line (
    id text NOT NULL,
    shopify_gid text NOT NULL,
    order_id text NOT NULL,
    return_id text NOT NULL,
    order_line_id text,
    quantity bigint NOT NULL,
    refunded_quantity bigint NOT NULL,
    written_by text NOT NULL
);


--
-- Name: TABLE order_return_line; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_return_line IS 'Units of one order line that a return brings back.';


--
-- Name: order_summary; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_summary (
    order_id text NOT NULL,
    total_price numeric(19,4) NOT NULL,
    subtotal_price numeric(19,4) NOT NULL,
    total_tax numeric(19,4) NOT NULL,
    total_discounts numeric(19,4) NOT NULL,
    total_shipping numeric(19,4) NOT NULL,
    current_total_price numeric(19,4) NOT NULL,
    current_subtotal_price numeric(19,4) NOT NULL,
    current_total_tax numeric(19,4) NOT NULL,
    current_total_discounts numeric(19,4) NOT NULL,
    total_received numeric(19,4) NOT NULL,
    total_refunded numeric(19,4) NOT NULL,
    total_outstanding numeric(19,4) NOT NULL,
    presentment_total_price numeric(19,4) NOT NULL,
    presentment_subtotal_price numeric(19,4) NOT NULL,
    presentment_total_tax numeric(19,4) NOT NULL,
    presentment_total_discounts numeric(19,4) NOT NULL,
    presentment_total_shipping numeric(19,4) NOT NULL,
    written_by text NOT NULL
);


--
-- Name: TABLE order_summary; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_summary IS 'The money of one order: as ordered, as it stands now, received and refunded.';


--
-- Name: order_transaction; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_transaction (
    id text NOT NULL,
    shopify_gid text NOT NULL,
    order_id text NOT NULL,
    parent_id text,
    kind text NOT NULL,
    status text NOT NULL,
    gateway text,
    is_test boolean NOT NULL,
    amount numeric(19,4) NOT NULL,
    currency text NOT NULL,
    presentment_amount numeric(19,4) NOT NULL,
    presentment_currency text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    processed_at timestamp with time zone NOT NULL,
    error_code text,
    written_by text NOT NULL
);


--
-- Name: TABLE order_transaction; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_transaction IS 'One payment transaction of an order: authorization, capture, sale, refund or void.';


--
-- Name: payout; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.payout (
    id text NOT NULL,
    publisher_id text NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    payment_reference text,
    note text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    payment_reference_at timestamp with time zone,
    payment_reference_by text,
    status text DEFAULT 'booked'::text NOT NULL,
    voided_at timestamp with time zone,
    voided_by text,
    void_reason text
);


--
-- Name: TABLE payout; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.payout IS 'One payment to a publisher of all that was approved in one currency.';


--
-- Name: COLUMN payout.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payout.id IS 'Derived from the Idempotency-Key and who sent it.';


--
-- Name: COLUMN payout.payment_reference; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payout.payment_reference IS 'What the bank calls the transfer.';


--
-- Name: COLUMN payout.payment_reference_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payout.payment_reference_at IS 'When the reference was set or corrected; NULL if it came with the payout.';


--
-- Name: COLUMN payout.status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payout.status IS 'booked or void.';


--
-- Name: COLUMN payout.void_reason; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payout.void_reason IS 'Why it was taken back: the transfer bounced or was never made.';


--
-- Name: product; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.product (
    id text NOT NULL,
    shopify_gid text NOT NULL,
    title text NOT NULL,
    handle text NOT NULL,
    status text NOT NULL,
    vendor text,
    product_type text,
    is_gift_card boolean NOT NULL,
    description_html text,
    category_gid text,
    category_name text,
    image_url text,
    online_store_url text,
    total_inventory bigint,
    price_min numeric(19,4),
    price_max numeric(19,4),
    created_at timestamp with time zone NOT NULL,
    shopify_updated_at timestamp with time zone NOT NULL,
    published_at timestamp with time zone,
    written_by text NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    deleted_at timestamp with time zone
);


--
-- Name: TABLE product; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.product IS 'One Shopify product as it was last read; kept after its deletion, for orders still name it.';


--
-- Name: COLUMN product.written_by; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.product.written_by IS 'The bulk run or webhook delivery that wrote the row last.';


--
-- Name: COLUMN product.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.product.version IS 'Grows by one with every write of the row.';


--
-- Name: COLUMN product.deleted_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.product.deleted_at IS 'When Shopify reported the deletion; NULL while the product exists.';


--
-- Name: product_category; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.product_category (
    id text NOT NULL,
    name text NOT NULL,
    description text,
    "position" bigint DEFAULT 0 NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by text NOT NULL
);


--
-- Name: TABLE product_category; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.product_category IS 'One group of tags that staff keeps, such as theme or colour.';


--
-- Name: product_tag; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.product_tag (
    id text NOT NULL,
    name text NOT NULL,
    category_id text,
    classified_at timestamp with time zone,
    classified_by text,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE product_tag; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.product_tag IS 'One product tag of the shop; two spellings that differ only in case are one tag.';


--
-- Name: COLUMN product_tag.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.product_tag.id IS 'Derived from the lower-cased tag.';


--
-- Name: COLUMN product_tag.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.product_tag.name IS 'The spelling that was seen first.';


--
-- Name: COLUMN product_tag.category_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.product_tag.category_id IS 'The tag group it is classified into; NULL is unclassified.';


--
-- Name: product_variant; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.product_variant (
    id text NOT NULL,
    shopify_gid text NOT NULL,
    product_id text NOT NULL,
    title text NOT NULL,
    sku text,
    barcode text,
    "position" bigint NOT NULL,
    price numeric(19,4) NOT NULL,
    compare_at_price numeric(19,4),
    unit_cost numeric(19,4),
    is_taxable boolean NOT NULL,
    inventory_quantity bigint,
    inventory_policy text,
    available_for_sale boolean,
    created_at timestamp with time zone NOT NULL,
    shopify_updated_at timestamp with time zone NOT NULL,
    written_by text NOT NULL
);


--
-- Name: TABLE product_variant; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.product_variant IS 'One variant of a product: what is bought, with its own price and stock.';


--
-- Name: program; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.program (
    id text NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    status text NOT NULL,
    attribution_days bigint NOT NULL,
    hold_days bigint NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by text NOT NULL
);


--
-- Name: TABLE program; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.program IS 'One commission program: the terms under which publications earn.';


--
-- Name: COLUMN program.attribution_days; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.program.attribution_days IS 'How long after a click an order still counts for it.';


--
-- Name: COLUMN program.hold_days; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.program.hold_days IS 'How long an earned commission waits for refunds before it may be approved.';


--
-- Name: program_rate; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.program_rate (
    id text NOT NULL,
    program_id text NOT NULL,
    publisher_id text,
    basis_points bigint NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL
);


--
-- Name: TABLE program_rate; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.program_rate IS 'One rate of a program from an instant on; a started rate is never changed, a later one follows it.';


--
-- Name: COLUMN program_rate.publisher_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.program_rate.publisher_id IS 'The only publisher it is for; NULL is every publisher without a rate of its own.';


--
-- Name: COLUMN program_rate.basis_points; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.program_rate.basis_points IS 'Hundredths of a percent of the captured amount.';


--
-- Name: publication; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.publication (
    id text NOT NULL,
    publisher_id text NOT NULL,
    ad_server_id text,
    program_id text,
    title text NOT NULL,
    description text NOT NULL,
    url text,
    status text NOT NULL,
    published_at timestamp with time zone,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by text NOT NULL
);


--
-- Name: TABLE publication; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.publication IS 'One publication of a publisher: a list of products that it shows, such as an article.';


--
-- Name: COLUMN publication.status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.publication.status IS 'draft, published or archived; only a published one is public.';


--
-- Name: COLUMN publication.published_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.publication.published_at IS 'When it was published first; NULL while it never was.';


--
-- Name: COLUMN publication.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.publication.version IS 'Grows by one with every change of the publication or of its items.';


--
-- Name: publication_item; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.publication_item (
    id text NOT NULL,
    publication_id text NOT NULL,
    product_id text NOT NULL,
    "position" bigint NOT NULL,
    note text NOT NULL,
    is_active boolean NOT NULL
);


--
-- Name: TABLE publication_item; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.publication_item IS 'One product in one publication; kept when it leaves the list, for clicks and commissions name it.';


--
-- Name: COLUMN publication_item.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.publication_item.id IS 'Derived from publication and product.';


--
-- Name: COLUMN publication_item.is_active; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.publication_item.is_active IS 'False once the product has left the list.';


--
-- Name: publication_telemetry; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.publication_telemetry (
    id text NOT NULL,
    event_type text NOT NULL,
    publisher_id text NOT NULL,
    publication_id text NOT NULL,
    item_id text NOT NULL,
    program_id text,
    click_id text,
    order_reference text,
    amount numeric(19,4),
    currency text,
    occurred_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE publication_telemetry; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.publication_telemetry IS 'One publication event that the domain tracks: a conversion that a publisher reports.';


--
-- Name: COLUMN publication_telemetry.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.publication_telemetry.id IS 'The event id in the stream.';


--
-- Name: COLUMN publication_telemetry.click_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.publication_telemetry.click_id IS 'The referral that it names, if any.';


--
-- Name: COLUMN publication_telemetry.order_reference; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.publication_telemetry.order_reference IS 'What the publisher says of the order; never trusted.';


--
-- Name: publisher; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.publisher (
    id text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    website_url text,
    status text NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by text NOT NULL
);


--
-- Name: TABLE publisher; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.publisher IS 'One publisher: who shows products to an audience and is paid for what that sells.';


--
-- Name: COLUMN publisher.status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.publisher.status IS 'pending, active or suspended; only an active publisher is visible and may call the API.';


--
-- Name: referral; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.referral (
    id text NOT NULL,
    item_id text NOT NULL,
    publication_id text NOT NULL,
    publisher_id text NOT NULL,
    program_id text NOT NULL,
    product_id text NOT NULL,
    clicked_at timestamp with time zone NOT NULL,
    visitor_hash text
);


--
-- Name: TABLE referral; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.referral IS 'One click that an order may be attributed to: its item was in a program when it happened.';


--
-- Name: COLUMN referral.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.referral.id IS 'Made of the nonce of the signed click id, so a repeated click is one row.';


--
-- Name: COLUMN referral.visitor_hash; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.referral.visitor_hash IS 'Of address and user agent with a salt of the day; neither is kept.';


--
-- Name: schema_migrations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.schema_migrations (
    version character varying NOT NULL
);


--
-- Name: webhook_delivery; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.webhook_delivery (
    id text NOT NULL,
    shop text NOT NULL,
    topic text NOT NULL,
    webhook_id text NOT NULL,
    event_id text,
    subject_id text,
    digest text,
    outcome text NOT NULL,
    handled_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE webhook_delivery; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.webhook_delivery IS 'One webhook delivery that was dealt with: kept for 7 days, so that a second copy changes nothing.';


--
-- Name: COLUMN webhook_delivery.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.webhook_delivery.id IS 'Derived from shop, topic and webhook id; also the name of the writer (written_by) of what it changed.';


--
-- Name: COLUMN webhook_delivery.event_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.webhook_delivery.event_id IS 'What Shopify calls the merchant''s action: correlation only, several deliveries share one.';


--
-- Name: COLUMN webhook_delivery.subject_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.webhook_delivery.subject_id IS 'The order or product that it was about.';


--
-- Name: COLUMN webhook_delivery.digest; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.webhook_delivery.digest IS 'Of the state that it wrote: a second state of the same second is told apart by it.';


--
-- Name: active_period active_period_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.active_period
    ADD CONSTRAINT active_period_pkey PRIMARY KEY (id);


--
-- Name: ad_server ad_server_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ad_server
    ADD CONSTRAINT ad_server_pkey PRIMARY KEY (id);


--
-- Name: api_key api_key_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (id);


--
-- Name: api_usage api_usage_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_usage
    ADD CONSTRAINT api_usage_pkey PRIMARY KEY (id);


--
-- Name: commission_dispute commission_dispute_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.commission_dispute
    ADD CONSTRAINT commission_dispute_pkey PRIMARY KEY (id);


--
-- Name: commission commission_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.commission
    ADD CONSTRAINT commission_pkey PRIMARY KEY (id);


--
-- Name: conversion conversion_order_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conversion
    ADD CONSTRAINT conversion_order_id_key UNIQUE (order_id);


--
-- Name: conversion conversion_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conversion
    ADD CONSTRAINT conversion_pkey PRIMARY KEY (id);


--
-- Name: customer customer_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_pkey PRIMARY KEY (id);


--
-- Name: discount_code_assignment discount_code_assignment_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.discount_code_assignment
    ADD CONSTRAINT discount_code_assignment_pkey PRIMARY KEY (id);


--
-- Name: fulfillment_daily_summary fulfillment_daily_summary_day_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fulfillment_daily_summary
    ADD CONSTRAINT fulfillment_daily_summary_day_key UNIQUE (day);


--
-- Name: fulfillment_daily_summary fulfillment_daily_summary_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fulfillment_daily_summary
    ADD CONSTRAINT fulfillment_daily_summary_pkey PRIMARY KEY (id);


--
-- Name: fulfillment_line fulfillment_line_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fulfillment_line
    ADD CONSTRAINT fulfillment_line_pkey PRIMARY KEY (id);


--
-- Name: fulfillment fulfillment_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fulfillment
    ADD CONSTRAINT fulfillment_pkey PRIMARY KEY (id);


--
-- Name: fulfillment fulfillment_shopify_gid_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fulfillment
    ADD CONSTRAINT fulfillment_shopify_gid_key UNIQUE (shopify_gid);


--
-- Name: idempotent_request idempotent_request_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotent_request
    ADD CONSTRAINT idempotent_request_pkey PRIMARY KEY (id);


--
-- Name: invoice_line invoice_line_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.invoice_line
    ADD CONSTRAINT invoice_line_pkey PRIMARY KEY (id);


--
-- Name: invoice invoice_payout_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_payout_id_key UNIQUE (payout_id);


--
-- Name: invoice invoice_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_pkey PRIMARY KEY (id);


--
-- Name: ledger_account ledger_account_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_account
    ADD CONSTRAINT ledger_account_pkey PRIMARY KEY (id);


--
-- Name: ledger_entry ledger_entry_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_entry
    ADD CONSTRAINT ledger_entry_pkey PRIMARY KEY (id);


--
-- Name: ledger_transaction ledger_transaction_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_transaction
    ADD CONSTRAINT ledger_transaction_pkey PRIMARY KEY (id);


--
-- Name: link_product_macrodata_artifact link_product_macrodata_artifact_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.link_product_macrodata_artifact
    ADD CONSTRAINT link_product_macrodata_artifact_pkey PRIMARY KEY (id);


--
-- Name: link_product_tag link_product_tag_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.link_product_tag
    ADD CONSTRAINT link_product_tag_pkey PRIMARY KEY (id);


--
-- Name: macrodata_artifact macrodata_artifact_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.macrodata_artifact
    ADD CONSTRAINT macrodata_artifact_pkey PRIMARY KEY (id);


--
-- Name: macrodata_catalog macrodata_catalog_kind_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.macrodata_catalog
    ADD CONSTRAINT macrodata_catalog_kind_key UNIQUE (kind);


--
-- Name: macrodata_catalog macrodata_catalog_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.macrodata_catalog
    ADD CONSTRAINT macrodata_catalog_pkey PRIMARY KEY (id);


--
-- Name: oauth_client oauth_client_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.oauth_client
    ADD CONSTRAINT oauth_client_pkey PRIMARY KEY (id);


--
-- Name: oauth_token oauth_token_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.oauth_token
    ADD CONSTRAINT oauth_token_pkey PRIMARY KEY (id);


--
-- Name: order_address order_address_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_address
    ADD CONSTRAINT order_address_pkey PRIMARY KEY (id);


--
-- Name: order_header order_header_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_header
    ADD CONSTRAINT order_header_pkey PRIMARY KEY (id);


--
-- Name: order_header order_header_shopify_gid_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_header
    ADD CONSTRAINT order_header_shopify_gid_key UNIQUE (shopify_gid);


--
-- Name: order_line_item order_line_item_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_line_item
    ADD CONSTRAINT order_line_item_pkey PRIMARY KEY (id);


--
-- Name: order_line_item order_line_item_shopify_gid_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_line_item
    ADD CONSTRAINT order_line_item_shopify_gid_key UNIQUE (shopify_gid);


--
-- Name: order_mark order_mark_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_mark
    ADD CONSTRAINT order_mark_pkey PRIMARY KEY (order_id);


--
-- Name: order_refund_line order_refund_line_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_refund_line
    ADD CONSTRAINT order_refund_line_pkey PRIMARY KEY (id);


--
-- Name: order_refund order_refund_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_refund
    ADD CONSTRAINT order_refund_pkey PRIMARY KEY (id);


--
-- Name: order_refund order_refund_shopify_gid_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_refund
    ADD CONSTRAINT order_refund_shopify_gid_key UNIQUE (shopify_gid);


--
-- Name: order_return_line order_return_line_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_return_line
    ADD CONSTRAINT order_return_line_pkey PRIMARY KEY (id);


--
-- Name: order_return_line order_return_line_shopify_gid_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_return_line
    ADD CONSTRAINT order_return_line_shopify_gid_key UNIQUE (shopify_gid);


--
-- Name: order_return order_return_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_return
    ADD CONSTRAINT order_return_pkey PRIMARY KEY (id);


--
-- Name: order_return order_return_shopify_gid_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_return
    ADD CONSTRAINT order_return_shopify_gid_key UNIQUE (shopify_gid);


--
-- Name: order_summary order_summary_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_summary
    ADD CONSTRAINT order_summary_pkey PRIMARY KEY (order_id);


--
-- Name: order_transaction order_transaction_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_transaction
    ADD CONSTRAINT order_transaction_pkey PRIMARY KEY (id);


--
-- Name: order_transaction order_transaction_shopify_gid_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_transaction
    ADD CONSTRAINT order_transaction_shopify_gid_key UNIQUE (shopify_gid);


--
-- Name: payout payout_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payout
    ADD CONSTRAINT payout_pkey PRIMARY KEY (id);


--
-- Name: product_category product_category_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.product_category
    ADD CONSTRAINT product_category_pkey PRIMARY KEY (id);


--
-- Name: product product_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_pkey PRIMARY KEY (id);


--
-- Name: product product_shopify_gid_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_shopify_gid_key UNIQUE (shopify_gid);


--
-- Name: product_tag product_tag_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.product_tag
    ADD CONSTRAINT product_tag_pkey PRIMARY KEY (id);


--
-- Name: product_variant product_variant_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.product_variant
    ADD CONSTRAINT product_variant_pkey PRIMARY KEY (id);


--
-- Name: product_variant product_variant_shopify_gid_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.product_variant
    ADD CONSTRAINT product_variant_shopify_gid_key UNIQUE (shopify_gid);


--
-- Name: program program_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.program
    ADD CONSTRAINT program_pkey PRIMARY KEY (id);


--
-- Name: program_rate program_rate_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.program_rate
    ADD CONSTRAINT program_rate_pkey PRIMARY KEY (id);


--
-- Name: publication_item publication_item_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.publication_item
    ADD CONSTRAINT publication_item_pkey PRIMARY KEY (id);


--
-- Name: publication publication_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.publication
    ADD CONSTRAINT publication_pkey PRIMARY KEY (id);


--
-- Name: publication_telemetry publication_telemetry_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.publication_telemetry
    ADD CONSTRAINT publication_telemetry_pkey PRIMARY KEY (id);


--
-- Name: publisher publisher_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.publisher
    ADD CONSTRAINT publisher_pkey PRIMARY KEY (id);


--
-- Name: referral referral_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.referral
    ADD CONSTRAINT referral_pkey PRIMARY KEY (id);


--
-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);


--
-- Name: webhook_delivery webhook_delivery_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.webhook_delivery
    ADD CONSTRAINT webhook_delivery_pkey PRIMARY KEY (id);


--
-- Name: active_period_open; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX active_period_open ON public.active_period USING btree (owner_id) WHERE (ended_at IS NULL);


--
-- Name: active_period_owner_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX active_period_owner_id ON public.active_period USING btree (owner_id, began_at);


--
-- Name: ad_server_name; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ad_server_name ON public.ad_server USING btree (publisher_id, lower(name));


--
-- Name: api_key_publisher_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX api_key_publisher_id ON public.api_key USING btree (publisher_id, created_at, id);


--
-- Name: commission_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX commission_created_at ON public.commission USING btree (created_at, id);


--
-- Name: commission_dispute_commission_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX commission_dispute_commission_id ON public.commission_dispute USING btree (commission_id, raised_at);


--
-- Name: commission_dispute_open; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX commission_dispute_open ON public.commission_dispute USING btree (commission_id) WHERE (resolved_at IS NULL);


--
-- Name: commission_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX commission_due ON public.commission USING btree (publisher_id, approvable_at) WHERE (status = 'pending'::text);


--
-- Name: commission_order_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX commission_order_id ON public.commission USING btree (order_id);


--
-- Name: commission_publisher_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX commission_publisher_id ON public.commission USING btree (publisher_id, created_at, id);


--
-- Name: commission_unpaid; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX commission_unpaid ON public.commission USING btree (publisher_id, currency) WHERE ((status = ANY (ARRAY['approved'::text, 'paid'::text])) AND (amount_minor <> paid_minor));


--
-- Name: conversion_ordered_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX conversion_ordered_at ON public.conversion USING btree (ordered_at, id);


--
-- Name: conversion_publisher_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX conversion_publisher_id ON public.conversion USING btree (publisher_id, ordered_at);


--
-- Name: discount_code_assignment_any_code; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX discount_code_assignment_any_code ON public.discount_code_assignment USING btree (upper(code), created_at);


--
-- Name: discount_code_assignment_code; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX discount_code_assignment_code ON public.discount_code_assignment USING btree (upper(code)) WHERE (ended_at IS NULL);


--
-- Name: discount_code_assignment_publisher_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX discount_code_assignment_publisher_id ON public.discount_code_assignment USING btree (publisher_id, created_at, id);


--
-- Name: fulfillment_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX fulfillment_created_at ON public.fulfillment USING btree (created_at, status);


--
-- Name: fulfillment_line_order_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX fulfillment_line_order_id ON public.fulfillment_line USING btree (order_id);


--
-- Name: fulfillment_order_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX fulfillment_order_id ON public.fulfillment USING btree (order_id);


--
-- Name: idempotent_request_expires_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idempotent_request_expires_at ON public.idempotent_request USING btree (expires_at);


--
-- Name: invoice_line_commission_id; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX invoice_line_commission_id ON public.invoice_line USING btree (invoice_id, commission_id);


--
-- Name: invoice_line_of_commission; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX invoice_line_of_commission ON public.invoice_line USING btree (commission_id);


--
-- Name: invoice_number; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX invoice_number ON public.invoice USING btree (publisher_id, number);


--
-- Name: ledger_account_owner; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ledger_account_owner ON public.ledger_account USING btree (owner_id, kind, currency);


--
-- Name: ledger_entry_account_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ledger_entry_account_id ON public.ledger_entry USING btree (account_id, booked_at) INCLUDE (amount_minor);


--
-- Name: ledger_entry_transaction_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ledger_entry_transaction_id ON public.ledger_entry USING btree (transaction_id);


--
-- Name: ledger_transaction_booked_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ledger_transaction_booked_at ON public.ledger_transaction USING btree (booked_at);


--
-- Name: INDEX ledger_transaction_booked_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.ledger_transaction_booked_at IS 'For the health: what was booked since it last looked.';


--
-- Name: ledger_transaction_commission_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ledger_transaction_commission_id ON public.ledger_transaction USING btree (commission_id, booked_at, id) WHERE (commission_id IS NOT NULL);


--
-- Name: ledger_transaction_payout_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ledger_transaction_payout_id ON public.ledger_transaction USING btree (payout_id) WHERE (payout_id IS NOT NULL);


--
-- Name: ledger_transaction_statement; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ledger_transaction_statement ON public.ledger_transaction USING btree (publisher_id, currency, booked_at, id);


--
-- Name: link_product_macrodata_artifact_artifact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX link_product_macrodata_artifact_artifact_id ON public.link_product_macrodata_artifact USING btree (artifact_id);


--
-- Name: link_product_macrodata_artifact_product_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX link_product_macrodata_artifact_product_id ON public.link_product_macrodata_artifact USING btree (product_id);


--
-- Name: link_product_tag_product_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX link_product_tag_product_id ON public.link_product_tag USING btree (product_id);


--
-- Name: link_product_tag_tag_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX link_product_tag_tag_id ON public.link_product_tag USING btree (tag_id);


--
-- Name: macrodata_artifact_asset_ingest_product; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX macrodata_artifact_asset_ingest_product ON public.macrodata_artifact USING btree (((payload ->> 'product_id'::text)), created_at DESC) WHERE (kind = 'asset_ingest'::text);


--
-- Name: macrodata_artifact_asset_key; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX macrodata_artifact_asset_key ON public.macrodata_artifact USING btree (((payload ->> 'key'::text)) COLLATE "C") WHERE (kind = 'design_asset'::text);


--
-- Name: macrodata_artifact_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX macrodata_artifact_created_at ON public.macrodata_artifact USING btree (created_at);


--
-- Name: macrodata_artifact_kind_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX macrodata_artifact_kind_created_at ON public.macrodata_artifact USING btree (kind, created_at DESC, id DESC);


--
-- Name: macrodata_artifact_kind_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX macrodata_artifact_kind_id ON public.macrodata_artifact USING btree (kind, id);


--
-- Name: macrodata_artifact_kind_name; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX macrodata_artifact_kind_name ON public.macrodata_artifact USING btree (kind, name) WHERE (name IS NOT NULL);


--
-- Name: macrodata_artifact_updated_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX macrodata_artifact_updated_at ON public.macrodata_artifact USING btree (updated_at);


--
-- Name: oauth_client_publisher_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX oauth_client_publisher_id ON public.oauth_client USING btree (publisher_id, created_at, id);


--
-- Name: oauth_token_client_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX oauth_token_client_id ON public.oauth_token USING btree (client_id, expires_at);


--
-- Name: order_address_order_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_address_order_id ON public.order_address USING btree (order_id);


--
-- Name: order_header_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_header_created_at ON public.order_header USING btree (created_at);


--
-- Name: order_header_customer_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_header_customer_id ON public.order_header USING btree (customer_id) WHERE (customer_id IS NOT NULL);


--
-- Name: order_header_email_hash; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_header_email_hash ON public.order_header USING btree (email_hash) WHERE (email_hash IS NOT NULL);


--
-- Name: order_header_name; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_header_name ON public.order_header USING btree (name);


--
-- Name: order_header_number; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_header_number ON public.order_header USING btree (number);


--
-- Name: order_header_pending; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_header_pending ON public.order_header USING btree (written_by, id) WHERE (stream_pending_version IS NOT NULL);


--
-- Name: order_header_shopify_updated_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_header_shopify_updated_at ON public.order_header USING btree (shopify_updated_at);


--
-- Name: order_line_item_order_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_line_item_order_id ON public.order_line_item USING btree (order_id);


--
-- Name: order_refund_line_order_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_refund_line_order_id ON public.order_refund_line USING btree (order_id);


--
-- Name: order_refund_order_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_refund_order_id ON public.order_refund USING btree (order_id);


--
-- Name: order_return_line_order_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_return_line_order_id ON public.order_return_line USING btree (order_id);


--
-- Name: order_return_order_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_return_order_id ON public.order_return USING btree (order_id);


--
-- Name: order_transaction_order_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_transaction_order_id ON public.order_transaction USING btree (order_id);


--
-- Name: payout_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX payout_created_at ON public.payout USING btree (created_at, id);


--
-- Name: payout_publisher_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX payout_publisher_id ON public.payout USING btree (publisher_id, created_at, id);


--
-- Name: product_category_name; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX product_category_name ON public.product_category USING btree (lower(name));


--
-- Name: product_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX product_created_at ON public.product USING btree (created_at);


--
-- Name: product_shopify_updated_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX product_shopify_updated_at ON public.product USING btree (shopify_updated_at);


--
-- Name: product_tag_category_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX product_tag_category_id ON public.product_tag USING btree (category_id);


--
-- Name: product_tag_name; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX product_tag_name ON public.product_tag USING btree (lower(name));


--
-- Name: product_variant_product_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX product_variant_product_id ON public.product_variant USING btree (product_id);


--
-- Name: product_variant_sku; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX product_variant_sku ON public.product_variant USING btree (sku);


--
-- Name: product_written_by; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX product_written_by ON public.product USING btree (written_by, id);


--
-- Name: program_name; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX program_name ON public.program USING btree (lower(name));


--
-- Name: program_rate_start; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX program_rate_start ON public.program_rate USING btree (program_id, COALESCE(publisher_id, ''::text), effective_from);


--
-- Name: publication_item_product_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX publication_item_product_id ON public.publication_item USING btree (product_id);


--
-- Name: publication_item_publication_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX publication_item_publication_id ON public.publication_item USING btree (publication_id, "position");


--
-- Name: publication_published; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX publication_published ON public.publication USING btree (id) WHERE (status = 'published'::text);


--
-- Name: publication_publisher_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX publication_publisher_id ON public.publication USING btree (publisher_id, created_at, id);


--
-- Name: publication_telemetry_click_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX publication_telemetry_click_id ON public.publication_telemetry USING btree (click_id) WHERE (click_id IS NOT NULL);


--
-- Name: publication_telemetry_publisher_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX publication_telemetry_publisher_id ON public.publication_telemetry USING btree (publisher_id, occurred_at);


--
-- Name: publisher_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX publisher_created_at ON public.publisher USING btree (created_at, id);


--
-- Name: publisher_name; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX publisher_name ON public.publisher USING btree (lower(name));


--
-- Name: referral_publisher_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX referral_publisher_id ON public.referral USING btree (publisher_id, clicked_at);


--
-- Name: webhook_delivery_handled_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX webhook_delivery_handled_at ON public.webhook_delivery USING btree (handled_at);


--
-- PostgreSQL database dump complete
--

\unrestrict dbmate


--
-- Dbmate schema migrations
--

INSERT INTO public.schema_migrations (version) VALUES
    ('20261120100100'),
    ('20261120100200'),
    ('20261120100300'),
    ('20261120100400'),
    ('20261120100500'),
    ('20261120100600'),
    ('20261120100700'),
    ('20261120100800'),
    ('20261120100900'),
    ('20261121010100'),
    ('20261121013000'),
    ('20261121020000'),
    ('20261121023000'),
    ('20261121023100'),
    ('20261121023200'),
    ('20261121023300'),
    ('20261124010000'),
    ('20261124020000'),
    ('20261124020100'),
    ('20261124020200'),
    ('20261124030000'),
    ('20261124040000'),
    ('20261127010000'),
    ('20261127020000'),
    ('20261127030000'),
    ('20261127040000'),
    ('20261127050000'),
    ('20261127070000');
