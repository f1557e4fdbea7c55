"""What a run says and counts: report, status line, log. Nothing of it leaves this machine."""
