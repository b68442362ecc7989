-- The suppression that was made with a window of planned maintenance: it holds back alerts of the same in the same time.
ALTER TABLE maintenance_windows ADD COLUMN suppression_id TEXT;
