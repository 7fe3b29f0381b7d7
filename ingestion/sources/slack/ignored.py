"""Events that are ignored on purpose, by the reason."""

from collections.abc import Mapping
from typing import Final

IGNORED_BECAUSE: Final[Mapping[str, tuple[str, ...]]] = {
    "messages are not kept": (
        *("message", "message.message_changed", "message.message_deleted", "message.message_replied", "message.thread_broadcast"),
        *("message.reply_broadcast", "message.bot_message", "message.me_message", "message.file_share", "message.file_comment"),
        *("message.file_mention", "message.pinned_item", "message.unpinned_item", "message.reminder_add", "message.tombstone"),
        *("message.ekm_access_denied", "message.assistant_app_thread", "message.document_mention", "message.huddle_thread"),
        *("message.slackbot_response", "message.sh_room_created", "message.channel_canvas_updated", "app_mention", "link_shared"),
        *("message_metadata_posted", "message_metadata_updated", "message_metadata_deleted"),
    ),
    "it is of messages alone, and they are not kept": (
        "channel_history_changed",
        "group_history_changed",
        "im_history_changed",
        "mpim_history_changed",
    ),
    "who may post is not kept, and nobody may read less or more": ("channel_posting_permissions", "message.channel_posting_permissions"),
    "bots among the members are told of as members": ("message.bot_add", "message.bot_remove", "message.bot_enable", "message.bot_disable"),
    "only how somebody's window looks changed": (
        *(
            "group_open",
            "group_close",
            "im_open",
            "im_close",
            "im_created",
            "mpim_open",
            "mpim_close",
            "app_home_opened",
            "app_context_changed",
        ),
        *("assistant_thread_started", "assistant_thread_context_changed"),
    ),
    "an invitation changes nothing; when it is accepted, `channel_shared` comes": (
        *("shared_channel_invite_requested", "shared_channel_invite_received", "shared_channel_invite_accepted"),
        *("shared_channel_invite_approved", "shared_channel_invite_declined", "invite_requested"),
    ),
    "reactions, emoji, pins, stars and files are not kept": (
        *("reaction_added", "reaction_removed", "pin_added", "pin_removed", "star_added", "star_removed"),
        *("file_created", "file_shared", "file_unshared", "file_public", "file_change", "file_deleted"),
        *("file_comment_added", "file_comment_edited", "file_comment_deleted", "emoji_changed"),
    ),
    "what somebody does just now is not kept": ("user_status_changed", "user_huddle_changed", "dnd_updated", "dnd_updated_user"),
    "groups of users are not kept: no right here hangs on one": (
        *("subteam_created", "subteam_updated", "subteam_members_changed", "subteam_self_added", "subteam_self_removed"),
    ),
    "the workspace's own name and addresses are not kept; people's addresses come with `user_change`": (
        *("team_rename", "team_domain_change", "email_domain_changed"),
    ),
    "as much can be read as before": ("scope_denied", "app_requested", "app_installed", "app_deleted"),
    "it is of other features of Slack": (
        *("function_executed", "workflow_deleted", "workflow_published", "workflow_unpublished", "workflow_step_deleted"),
        *("workflow_step_execute", "call_rejected", "entity_details_requested"),
    ),
}
