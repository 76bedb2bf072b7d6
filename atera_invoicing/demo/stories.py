"""What goes wrong at an MSP's customers, and what technicians write about it."""
# ruff: noqa: E501 - the tables below read better in one piece

from __future__ import annotations

from typing import NamedTuple


class Story(NamedTuple):
    title: str
    description: str
    steps: tuple[str, ...]


STORIES = (
    Story("VPN drops every few minutes", "Staff working from home lose the connection.",
          ("Read the VPN gateway's log; idle timeout too short", "Raised the timeout and updated two clients",
           "Watched the tunnel with the user for half an hour")),
    Story("Printer on the second floor offline", "",
          ("Printer had taken a new address; gave it a fixed one", "Redeployed the queue to six PCs")),
    Story("New employee starts Monday", "Account, mailbox, laptop and door badge.",
          ("Created account and mailbox, assigned licenses", "Set up laptop, dock and two monitors",
           "First-day introduction with the new colleague")),
    Story("Outlook asks for the password again and again", "",
          ("Removed stale credentials, re-registered multi-factor sign-in",
           "Rebuilt the mail profile; old one kept for a week")),
    Story("Phishing mail opened", "A user clicked a link and typed the password.",
          ("Signed the account out everywhere and reset it", "Went through sign-ins and mailbox rules of 30 days",
           "Explained what to look for to the whole team")),
    Story("Server out of disk space", "",
          ("Found 180 GB of old database dumps, moved them to archive", "Extended the data volume",
           "Set an alert at 85 %")),
    Story("Wi-Fi too slow in the meeting room", "Video calls freeze in the afternoon.",
          ("Measured the room; access point too far away", "Hung a second access point and ran the cable",
           "Tested with three calls at once")),
    Story("Restore a deleted folder", "",
          ("Restored 2,300 files from last night's backup", "Compared with the owner and removed duplicates")),
    Story("Accounting software update", "Vendor asks for the new version before month end.",
          ("Backup and snapshot before the update", "Update of server and nine clients",
           "Fixed the export folder's permissions")),
    Story("Monthly patch window", "",
          ("Approved and installed updates on servers, restarted them one by one",
           "Two PCs failed to install; repaired by hand")),
    Story("Laptop screen broken", "Covered by the manufacturer's warranty.",
          ("Opened the warranty case, lent a spare laptop", "Moved data back to the repaired laptop")),
    Story("Scanner no longer sends to folder", "",
          ("Scanner only knows an old protocol; made a safe folder for it", "Updated the firmware and tested")),
    Story("Set up multi-factor sign-in", "The insurer asks for it.",
          ("Pilot with five people", "Rolled it out to everybody, stood by for questions",
           "Wrote a one-page guide with pictures")),
    Story("Phone system: calls cut off after 15 minutes", "",
          ("Captured a call; firewall drops the session", "Turned off the faulty inspection and tested for an hour")),
    Story("Shared mailbox for orders", "",
          ("Created the mailbox and gave eight people access", "Moved the old orders into it")),
    Story("Backup job failed three nights in a row", "",
          ("Target had no space left; thinned out old versions", "Test restore of a file and of a whole server")),
    Story("PC very slow after lunch", "",
          ("Antivirus scanned at noon; moved the scan to the night", "Replaced the hard disk by a solid-state drive")),
    Story("Website certificate expires", "",
          ("Renewed the certificate and automated it for the future",)),
    Story("Move a workplace to another room", "",
          ("Moved PC, phone and printer", "Patched two sockets and labelled them")),
    Story("Permissions for the new finance folder", "Only management and bookkeeping may see it.",
          ("Created groups and folder, tested with two people", "Took out rights that had piled up")),
    Story("Remote desktop refuses connections", "",
          ("License server had lost its activation", "Reactivated it and tested with the night shift")),
    Story("Power cut last night", "",
          ("Checked all servers and the battery log after the outage", "Replaced the worn-out battery")),
    Story("Mailbox full", "", ("Turned on the archive and explained it to the user",)),
    Story("Firewall replacement", "The old one gets no more updates.",
          ("Exported rules, threw out 40 that nothing used", "Swap outside business hours, test of all tunnels",
           "Documentation and handover")),
    Story("Spreadsheet opens read-only", "", ("Found and closed a stale lock on the file server",)),
    Story("Conference camera not recognized", "",
          ("Updated the room computer and the camera's firmware", "Replaced the long USB cable")),
    Story("Tablet for the warehouse", "",
          ("Enrolled the tablet and locked it to the stock app", "Trained two people on the spot")),
    Story("Suspicious sign-in from abroad", "",
          ("Owner was on vacation; confirmed by phone", "Set up a rule for sign-ins from new countries")),
)  # fmt: skip

LONG_DESCRIPTION = (
    "Emergency call at 6:40 am: nobody could sign in. Both domain controllers ran, but time on the older one "
    "was 11 minutes off since the power cut, so every ticket that it handed out was refused. Corrected the time "
    "source, restarted the services in order, and checked sign-in at five workplaces in three rooms. While there: "
    "the time source pointed to a server that was switched off years ago; both controllers now follow the firewall, "
    "and the firewall follows two public sources. Checked replication (no errors), the event logs of the last seven "
    "days, and the backup of the night, which had run. Told the office manager what happened and why it will not "
    "happen again. Left a note with the emergency number at the front desk, because the old one still had last "
    "year's. Recommended: replace the older controller this quarter; a quote follows separately."
)
