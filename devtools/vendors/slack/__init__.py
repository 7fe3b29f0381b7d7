"""A pretend Slack on loopback: a model, what it sends to apps, and the Web API over it.

The model (``pretend.py``). One clock, one seeded ``Random``; everything is named by its id::

    slack = PretendSlack(Random(4), now)
    team = slack.add_workspace("Pretend")                                # enterprise_id= for one of a Grid: add_enterprise
    ada = slack.add_person(team.id, "Ada", email="ada@pretend.example")  # change_person, deactivate, restore
    app = slack.add_app(request_url="http://127.0.0.1:7071/…")           # subscribed to everything unless told otherwise
    bot = slack.install(app.app_id, team_id=team.id)                     # .token, .bot_user_id, .scopes; enterprise_id= for org-wide
    sales = slack.create(team.id, "sales", ada.id, members=[bot.bot_user_id])          # a Conversation: id, name, members …
    slack.rename(sales.id, "trade"); slack.set_topic(sales.id, "…"); slack.archive(sales.id); slack.delete(sales.id)
    slack.join(sales.id, bob.id); slack.kick(sales.id, bob.id, by=ada.id); slack.convert_to_private(sales.id)
    said = slack.post(sales.id, ada.id, "Hello"); slack.reply(sales.id, said.ts, bob.id, "…"); slack.delete_message(sales.id, said.ts)
    slack.share(sales.id, other_team.id).id                              # may be another id than before; unshare, change_id
    slack.uninstall(app.app_id, team.id); slack.revoke_token(…); slack.reinstall(…)
    slack.populate(users=100, channels=10_000, members_per_channel=20)

Every operation tells the apps what Slack would tell them, and with ``quietly=True`` nothing. ``slack.emitted`` has all that was told;
``slack.knobs`` (``knobs.py``) is what differs between the vendor's word and what people see.

What it sends (``delivering.py``)::

    deliveries = Deliveries(slack)                  # to the request URLs; or send=… to a function, without a socket
    await deliveries.deliver_due()                  # what is due by the clock; retries are at once, a minute and five minutes later
    deliveries.lost, deliveries.ledger, deliveries.mishaps, deliveries.is_held, deliveries.events_per_hour, deliveries.verify_url(app)

The service (``api/service.py``)::

    async with SlackService(slack, delivers=True) as service:
        AsyncWebClient(token=bot.token, base_url=service.api_url)
        service.limits.clear(); app.is_limited = True; service.ledger.count("conversations.info"); service.faults.add(Fault(at="slack", …))

As a process: ``python -m devtools.vendors.slack``; other processes change what is in it by ``/pretend/…`` (``api/control.py``).
"""
