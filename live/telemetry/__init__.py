"""What a run says and counts: report, status line, log. None of it leaves this machine."""
