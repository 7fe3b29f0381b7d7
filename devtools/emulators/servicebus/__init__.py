"""A Service Bus for the developer's machine: queues over AMQP 1.0 on loopback, standard library only.

Lacks: sessions, deferral, topics and subscriptions, auto-forwarding, transactions, TLS, AMQP over WebSocket, token (AAD)
credentials, and the HTTP administration API. Asking for one of these is refused with a condition that names it, at the link,
at the operation or when the configuration is read; nothing is silently ignored.
"""
