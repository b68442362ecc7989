-- The duty as it was when its clock began to run (JSON): a later change of the law leaves it alone.
ALTER TABLE duty_clocks ADD COLUMN terms TEXT;
