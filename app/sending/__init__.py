"""What leaves the installation for somebody who subscribed: mails, and requests to addresses of others."""
