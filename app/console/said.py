"""What a page says first after something was done, by a code in its address: nothing is kept between requests."""

from typing import Final

from app.console.marked import marked

#: By code.
SAID: Final = {
    "added": marked("It was added."),
    "assigned": marked("It was assigned."),
    "cancelled": marked("It was cancelled."),
    "changed": marked("The change was saved."),
    "disabled": marked("The user was disabled; their sessions and keys no longer work."),
    "enabled": marked("The user has access again."),
    "ended": marked("The session was ended."),
    "failed_sent": marked("Deliveries that have not arrived since then are being sent again."),
    "imported": marked("The dates were imported."),
    "mail_allowed": marked("Mail may be sent to this address again."),
    "nothing_failed": marked("Everything since then has arrived or is still waiting: there is nothing to send again."),
    "others_ended": marked("All other sessions were ended."),
    "password": marked("The password was changed. All other sessions were ended."),
    "password_set": marked("Your password was set. Log in with it."),
    "paused": marked("It is paused until somebody resumes it."),
    "reloading": marked("The file is being checked and loaded again."),
    "removed": marked("It was removed."),
    "removing": marked("It is being removed."),
    "resumed": marked("It was resumed."),
    "revoked": marked("The key was revoked. Programs that use it are refused from now on."),
    "saved": marked("It was saved."),
    "sent_again": marked("It is being sent again."),
    "started": marked("It was started."),
    "test_sent": marked("A test is on its way. Its outcome will be shown here."),
    "uploaded": marked("The file has arrived. It is being checked."),
    "webhook_disabled": marked("Nothing is sent to it until somebody enables it."),
    "webhook_enabled": marked("It receives events from now on."),
}
