### monitoring
