"""A pretend Google Drive v3 with the sign-in and the directory that belong to it, on loopback: a model, and a service over it.

The model (``drive.py``). One clock, one seeded ``Random``; people are named by email, everything else by its id::

    drive = PretendDrive("pretend.example", Random(4), now)
    drive.create_user("ada@pretend.example", is_admin=True)             # a User: id, email, name, root_id (her My Drive)
    drive.create_group("team@pretend.example", members=["ada@…"])       # add_to_group, remove_from_group
    sales = drive.create_drive("Sales", by="ada@…")                     # a SharedDrive: id (its root folder, too), name
    drive.add_member(sales.id, "bob@…", "reader")                       # again with another role: changed. remove_member
    drive.rename_drive(sales.id, "Trade"); drive.delete_drive(sales.id)

    folder = drive.create_folder("Plans", parent=sales.id, by="ada@…")  # parent: a folder's or drive's id; by's My Drive without one
    file = drive.create_file("a.txt", parent=folder.id, by="ada@…", content=b"text", mime_type="text/plain")     # an Item
    drive.create_shortcut(file.id, parent=…, by=…)
    drive.edit(file.id, content=b"more")                                # or description=, modified_time= (as uploads may set it)
    drive.rename(file.id, "b.txt"); drive.move(file.id, other.id)       # move: within a drive and between drives
    drive.trash(folder.id); drive.restore(folder.id); drive.delete(file.id)    # delete: for good, with all below
    drive.share(file.id, "bob@…", "writer"); drive.unshare(file.id, "bob@…")   # or a group's email, a domain, "anyone"
    drive.limit_access(folder.id, limited=True)                         # inheritedPermissionsDisabled
    drive.suspend("bob@…"); drive.unsuspend("bob@…"); drive.delete_user("bob@…")
    drive.populate_fast(100_000, parent=sales.id, by="ada@…")           # ids; a tree, in a second; in no log unless logged=True

Every operation takes ``by=`` (an email; whoever owns it, or the drive's first organizer, without one). What is there:
``drive.item(id)``, ``children(id)``, ``below(id)``, ``path(id)``, ``is_trashed(item)``, ``visible_to(email)`` (ids of all that
``files.list`` over all drives would show them), ``drives_of(email)``.

Knobs of the model (``drive.knobs``, changeable at any time): ``trash_reaches_below`` and ``sharing_reaches_below`` (True: what lies in a
folder that is trashed, restored, shared or unshared has a new version and a change, too), ``moves_reach_below`` (False: only what was
moved), ``groups_reach_files`` (False: who joins or leaves a group is told of drives alone), ``drive_items_in_user_log`` (True; False: a
member's own log has no items of shared drives), ``log_lag`` and ``index_lag`` (timedelta: how late changes and ``files.list`` know),
``incomplete_searches`` (how many of the next ``files.list`` say ``incompleteSearch`` and leave files out).

The service (``api/service.py``)::

    async with PretendGoogle(drive, now=now, accounts=[ServiceAccount(email, {key_id: public_key}, scopes)],
                             clients=[OAuthClient("id", "secret")], faults=injector) as google:
        google.url                          # http://127.0.0.1:port: /drive/v3/…, /token, /admin/directory/v1/…
        google.token("ada@…")               # an access token without asking for it; scopes=(…) to have fewer
        google.sessions.consent("ada@…", client_id="id")         # a refresh token; google.sessions.revoke("ada@…") ends them
        google.sessions.accounts[email].keys[new_id] = public    # key rotation; del … the old one
        google.sessions.lifetime, google.sessions.end_all()      # tokens end by the clock, or at once
        google.reject_tokens(log=None, status=400)               # every page token of changes.list so far; log: a drive's id or an email
        google.forget_listings()                                 # every page token of files.list so far
        google.quota.limit("ada@…", 60, status=403)              # requests a minute; None lifts it. google.quota.project(600): of all
        google.smallest_pages = 7                                # pages have so many rows at most, whatever is asked for
        google.largest_export_bytes = 1000                       # ten megabytes, as at the vendor, otherwise
        google.ledger.calls / of("changes") / counts() / count("files-list") / rows("files-list") / statuses() / clear()
        await google.told()                                      # until every watching channel has been told

Operations of the ledger, and of fault plans (``faults.py``; ``at`` is ``gdrive``): ``token``, ``start-page-token``, ``changes``,
``files-list``, ``file``, ``content``, ``permissions``, ``drives``, ``about``, ``watch``, ``directory``. A call says ``user``, ``drive_id``,
``file_id``, ``query``, ``page_size``, ``page_token``, ``status``, ``rows``, ``fault``, ``at``.

Google's own client: ``build("drive", "v3", credentials=Credentials(google.token(email)), static_discovery=True,
client_options={"api_endpoint": f"{google.url}/drive/v3/"})``; of the directory ``("admin", "directory_v1")`` with ``f"{google.url}/"``.

``company.py`` invents a company; ``python -m devtools.vendors.gdrive`` serves it by itself, and another process changes it by
``/pretend/…`` (``api/control.py``).
"""
