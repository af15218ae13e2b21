@echo off
rem Finds Python 3.10 or newer and runs start.py with the same arguments; stays open if that failed.
setlocal
cd /d "%~dp0"
rem Asking for the version also refuses the placeholder that only opens the Microsoft Store.
set CHECK="import sys; sys.exit(sys.version_info < (3, 10))"
set PY=".venv\Scripts\python.exe"
%PY% -c %CHECK% >nul 2>nul && goto run
set PY=py -3
%PY% -c %CHECK% >nul 2>nul && goto run
set PY=python
%PY% -c %CHECK% >nul 2>nul && goto run
echo Python 3.10 or newer was not found. Install it from https://www.python.org/downloads/ and try again.
set CODE=2
goto end
:run
%PY% start.py %*
set CODE=%ERRORLEVEL%
:end
if not "%CODE%"=="0" if not defined CI pause
exit /b %CODE%
