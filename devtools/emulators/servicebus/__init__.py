"""A Service Bus for the developer's machine: queues over AMQP 1.0 on loopback, with keys or, with ``--aad``, with identities over TLS.

Standard library only, but for tokens and certificates.

Lacks: sessions, deferral, topics and subscriptions, auto-forwarding, transactions, AMQP over WebSocket, and the HTTP administration API.
Asking for one of these is refused with a condition that names it, at the link, at the operation or when the configuration is read; nothing
is silently ignored. One refusal says less than it could: who sends to a topic asks for a name like any other, and is told 404, as for a
queue that is not there.

Also differs: an open link outlives its token and is never detached for being idle (Azure does both, the latter after ten minutes); there is
one key, with all rights, and an identity that is let in has all rights, too; queues have no size; a batch counts by its bytes alone.
"""
